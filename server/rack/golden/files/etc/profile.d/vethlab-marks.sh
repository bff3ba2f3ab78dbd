# Tells the terminal's keeper where a prompt is, which command is run and where it ends, by the marks that VS Code's terminal
# knows: OSC 633 with A and B around the prompt, E with the command's text and C before it runs, D and its exit code after it.
# They are not seen on a screen.
[ -n "${BASH_VERSION-}" ] || return 0
case $- in *i*) ;; *) return 0 ;; esac
[ "${TERM-dumb}" != dumb ] || return 0
! declare -F __vethlab_prompt > /dev/null || return 0

__vethlab_prompt() {
  builtin printf '\e]633;D;%s\a\e]633;A\a' "$1"
  # The number of the last command in the history (outside of PS1, `\!` is not the next one's), and 1 where there is none.
  local number='\!'
  __vethlab_last=${number@P}
  # A prompt that was changed since has lost its mark.
  case $PS1 in *']633;B'*) ;; *) PS1=$PS1'\[\e]633;B\a\]' ;; esac
  case ${PS0-} in *']633;C'*) ;; *) PS0='$( { __vethlab_command; } 2> /dev/null)\e]633;C\a'${PS0-} ;; esac
  # Without it a prompt's text is shown as it is.
  case $BASHOPTS in *promptvars*) ;; *) PS0=${PS0/'$( { __vethlab_command; } 2> /dev/null)'/} ;; esac
}

# Runs in a subshell of its own for each command, so that it can change nothing of the learner's. What the history does not
# keep (a leading space, HISTIGNORE, `set +o history`) has no text here either.
__vethlab_command() {
  [[ -o history ]] || return 0
  local HISTTIMEFORMAT= BASH_COMPAT=50 file line text number character hex
  # Through a file without a name, which here strings are with that BASH_COMPAT: one process less to wait for. A pipe, which
  # they are without it, would block at a very long command.
  exec {file}<<< '' && [[ -f /proc/self/fd/$file ]] || return 0
  \builtin history 1 >| "/proc/self/fd/$file"
  # It ends without what it reads up to, which `set -e` must not take for a failure.
  IFS= \builtin read -r -d '' -u "$file" line || [[ $line ]] || return 0
  line=${line%$'\n'}
  line=${line#"${line%%[0-9]*}"}
  number=${line%%[!0-9]*}
  # A repeated command may have no entry of its own: then the last one is it, unless it may be missing for another reason.
  if ((number <= ${__vethlab_last:-0} && number > 1)); then
    [[ :${HISTCONTROL-}: == *dups:* && :${HISTCONTROL-}: != *:ignorespace:* && ! ${HISTIGNORE-} ]] || return 0
  fi
  # After the number comes a space, or an asterisk for an edited entry, and one more space.
  text=${line:${#number}+2:500}
  local LC_ALL=C backslash='\'
  text=${text//"$backslash"/"$backslash$backslash"}
  text=${text//;/"${backslash}x3b"}
  if [[ $text == *[[:cntrl:]]* ]]; then
    for hex in 0{1..9} 0{a..f} 1{0..9} 1{a..f} 7f; do
      builtin printf -v character "\\x$hex"
      text=${text//"$character"/"${backslash}x$hex"}
    done
  fi
  builtin printf '\e]633;E;%s\a' "$text"
}

# Not the first element, since `PROMPT_COMMAND=...` replaces that one. Each element finds the command's own $? .
# The braces keep it out of what `set -x` shows.
PROMPT_COMMAND=("${PROMPT_COMMAND[@]:-}" '{ __vethlab_prompt "$?"; } 2> /dev/null')
