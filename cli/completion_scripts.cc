#include "cli/completion_scripts.h"

namespace brume::cli {
namespace {

// Nothing in a script may evaluate what it is told: names come from whoever may make a key.
constexpr char kBash[] = R"sh(# bash completion of brume. In ~/.bashrc: eval "$(brume completion bash)"
_brume() {
  # A line is one word, quoted where it must be.
  mapfile -t COMPREPLY < <(brume __complete "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/=,:] ]]; then compopt -o nospace; fi
}
complete -o nosort -F _brume brume
)sh";

constexpr char kZsh[] = R"sh(#compdef brume
# zsh completion of brume. In ~/.zshrc, behind compinit: eval "$(brume completion zsh)"
_brume() {
  local value what
  local -a values shown open
  while IFS=$'\t' read -r value what; do
    if [[ $value == *[/=,:] ]]; then
      open+=("$value")
    else
      values+=("$value")
      shown+=("$value${what:+  -- $what}")
    fi
  done < <(brume __complete raw $((CURRENT - 1)) "${(@Q)words}" 2>/dev/null)
  compadd -S '' -- "${open[@]}"
  compadd -l -d shown -- "${values[@]}"
}
compdef _brume brume
)sh";

constexpr char kFish[] = R"sh(# fish completion of brume. In ~/.config/fish/config.fish: brume completion fish | source
function __brume_candidates
    set -l before (commandline -opc)
    brume __complete raw (count $before) $before (commandline -ct) 2>/dev/null
end
complete -c brume -f -a '(__brume_candidates)'
)sh";

}  // namespace

const std::vector<std::string>& CompletionShells() {
  static const auto* const shells = new std::vector<std::string>{"bash", "zsh", "fish"};
  return *shells;
}

std::string CompletionScript(absl::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  return shell == "fish" ? kFish : "";
}

}  // namespace brume::cli
