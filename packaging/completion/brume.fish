# fish completion of brume; installed as /usr/share/fish/vendor_completions.d/brume.fish. The program itself has the script.
brume completion fish 2>/dev/null | source
