#compdef brume
# zsh completion of brume; installed as /usr/share/zsh/vendor-completions/_brume. The program itself has the script.
eval "$(brume completion zsh 2>/dev/null)"
_brume "$@"
