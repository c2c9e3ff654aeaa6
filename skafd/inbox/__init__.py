"""Files that arrive where jobs wait for them: new or changed, and complete."""
