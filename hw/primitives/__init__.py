"""What each device family has: multipliers, memories, places."""
