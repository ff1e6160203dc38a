# Completion of icpy for fish: the client itself knows what can follow.
COMPLETE=fish icpy 2>/dev/null | source
