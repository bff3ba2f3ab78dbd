# Tells the terminal's keeper where a prompt is and where a command ends, by the marks that VS Code's terminal knows:
# OSC 633 with A and B around the prompt, C before a command runs, D and its exit code after it. They are not seen on a screen.
[ -n "${BASH_VERSION-}" ] || return 0
case $- in *i*) ;; *) return 0 ;; esac
[ "${TERM-dumb}" != dumb ] || return 0
! declare -F __vethlab_prompt > /dev/null || return 0

__vethlab_prompt() {
  builtin printf '\e]633;D;%s\a\e]633;A\a' "$1"
  # A prompt that was changed since has lost its mark.
  case $PS1 in *']633;B'*) ;; *) PS1=$PS1'\[\e]633;B\a\]' ;; esac
  case ${PS0-} in *']633;C'*) ;; *) PS0='\e]633;C\a'${PS0-} ;; esac
}

# Not the first element, since `PROMPT_COMMAND=...` replaces that one. Each element finds the command's own $? .
# The braces keep it out of what `set -x` shows.
PROMPT_COMMAND=("${PROMPT_COMMAND[@]:-}" '{ __vethlab_prompt "$?"; } 2> /dev/null')
