# bash completion of brume; installed as /usr/share/bash-completion/completions/brume. The program itself has the script.
eval "$(brume completion bash 2>/dev/null)"
