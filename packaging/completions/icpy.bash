# Completion of icpy for bash: the client itself knows what can follow.
eval "$(COMPLETE=bash icpy 2>/dev/null)"
