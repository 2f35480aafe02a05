"""Pages: partner."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("partner", __name__)
