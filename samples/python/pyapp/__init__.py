"""The assignment's service in Python: it shows the settings that are in force."""
