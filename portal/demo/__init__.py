"""The demonstration practice: invented people and their stories, told through the real services.

Nothing of it exists on a real database: only ``demo load`` and the page ``/demo`` import this room.
"""
