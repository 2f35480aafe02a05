"""Whatever one partner does, and whatever staff do short of a release, the other sees the same bytes."""
