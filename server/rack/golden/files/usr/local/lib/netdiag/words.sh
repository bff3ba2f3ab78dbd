# How netdiag speaks: findings in the reader's language, on a screen or as JSON.

if [ -t 1 ]; then red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' dim=$'\e[2m' bold=$'\e[1m' plain=$'\e[0m'
else red='' green='' yellow='' dim='' bold='' plain=''; fi

# Names and answers are anybody's: without control characters, and not endless.
clean() { local text=${1//[[:cntrl:]]/ }; printf '%s' "${text:0:300}"; }
# The words of the reader's language: t ENGLISH CHINESE.
t() { if [ "$lang" = zh ]; then clean "$2"; else clean "$1"; fi; }
# shellcheck disable=SC2059
say() { [ "$json" = yes ] || printf "$@"; }

problems=0 unknown=0 begin='' title='' section=0 findings=()
stage() { section=$1 title=$(t "$2" "$3"); say '\n%s%s  %s%s\n' "$bold" "$1" "$title" "$plain"; }
# OUTCOME CAUSE TEXT: causes are named as in vethlab's traces.
record() { findings+=("$section"$'\t'"$1"$'\t'"$2"$'\t'"$3"); }
# Each of the three: [-c CAUSE] ENGLISH CHINESE.
ok() { finding ok "$green✓$plain" "$@"; }
note() { finding note "$yellow·$plain" "$@"; }
bad() { finding problem "$red✗" "$@"; }
finding() {
  local outcome=$1 sign=$2 cause='' text; shift 2
  if [ "$1" = -c ]; then cause=$2; shift 2; fi
  text=$(t "$1" "$2")
  record "$outcome" "$cause" "$text"
  say '  %s %s%s\n' "$sign" "$text" "$([ "$outcome" != problem ] || printf %s "$plain")"
  [ "$outcome" = problem ] || return 0
  problems=$((problems + 1))
  [ -n "$begin" ] || begin=$(t "“$title”: $text" "“$title”：$text")
}
try() { say '    → %s\n' "$(t "$1" "$2")"; }
# Evidence, in a tool's own words: at most eight lines of standard input.
show() {
  local line count=0
  while IFS= read -r line && [ $((count += 1)) -le 8 ]; do
    [ -z "$line" ] || say '    %s%s%s\n' "$dim" "$(clean "$line")" "$plain"
  done
}
give_up() { printf 'netdiag: %s\n' "$(t "$1" "$2")" >&2; exit 2; }

# The last word, and the exit code.
conclude() {
  local outcome=healthy code=0
  if [ -n "$begin" ]; then outcome=faulty code=1; elif [ "$unknown" = 1 ]; then outcome=error code=2; fi
  if [ "$json" = yes ]; then
    printf '%s\n' "${findings[@]}" | jq -R -n --arg container "$name" --arg outcome "$outcome" '{$container, $outcome, findings:
      [inputs / "\t" | {section: .[0] | tonumber, outcome: .[1], text: .[3]} + if .[2] == "" then {} else {cause: .[2]} end]}'
    exit "$code"
  fi
  case $outcome in
    faulty) printf '\n%s%s%s\n' "$bold" "$(t "Begin with $begin" "先看$begin")" "$plain" ;;
    error) printf '\n%s\n' "$(t 'Nothing wrong was found, but there was no time for all questions.' '没有发现问题，但有些问题没来得及问。')" ;;
    *) printf '\n%s%s%s\n' "$green" "$(t "Nothing is wrong with $name." "$name 没有问题。")" "$plain" ;;
  esac
  exit "$code"
}
