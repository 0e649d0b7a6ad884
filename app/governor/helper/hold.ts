import { shell } from './base.ts';

/** Why a program is not held. The words are the helper's, and keys of the window's texts. */
export const holdRefusals = [
  'ended',
  'other-user',
  'already-stopped',
  'foreground',
  'own-process',
  'not-permitted',
  'no-journal',
] as const;
export type HoldRefusal = (typeof holdRefusals)[number];

/**
 * The part of the helper that holds programs. A program is held as a whole or not at all: frozen where it has a control
 * group to itself, else each of its processes stopped.
 *
 * Refused is what could not be undone without a trace: a foreground job of a terminal (its shell would take it for a
 * stopped one and give the terminal to another), a program that is stopped already (undoing would continue it), one of
 * another user. No process is ever moved to another control group.
 */
export const holding = shell`
user=$(id -u)

has() { case " $book " in *" $1 "*) return 0 ;; esac; return 1; }
frozen_as() { for entry in $book; do case $entry in "freeze,$1,$2,"*) return 0 ;; esac; done; return 1; }
owned() {
  while read -r key real rest; do [ "$key" != Uid: ] || break; done 2>/dev/null < "/proc/$1/status"
  [ "$key" = Uid: ] && [ "$real" = "$user" ]
}
in_foreground() { [ "$terminal" != 0 ] && [ "$group" = "$foreground" ]; }
may_hold() {
  case $1$2 in *[!0-9]*) why=ended; return 1 ;; esac
  if ! lives "$1" "$2"; then why=ended
  elif ! owned "$1"; then why=other-user
  elif [ "$1" = 1 ] || [ "$1" = "$$" ] || [ "$1" = "$PPID" ] || [ "$1" = "$watchdog" ]; then why=own-process
  elif in_foreground; then why=foreground
  elif has "stop,$1,$2" || frozen_as "$1" "$2"; then return 0
  elif [ "$state" = T ] || [ "$state" = t ] || is_frozen "$1"; then why=already-stopped
  else return 0
  fi
  return 1
}

# the folder of the control group (version 2) of process $1; fails where there is none of a plain name
group_of() {
  path=
  while IFS= read -r line; do case $line in 0::*) path=\${line#0::} ;; esac; done 2>/dev/null < "/proc/$1/cgroup"
  case $path in ''|/|*..*|*[!A-Za-z0-9._:@/\\-]*) return 1 ;; esac
  while read -r id parent device root at rest; do
    case $root,$rest in /,*' - cgroup2 '*) folder=$at$path; [ -f "$folder/cgroup.freeze" ] && return 0 ;; esac
  done < /proc/self/mountinfo
  return 1
}
is_frozen() {
  group_of "$1" || return 1
  while read -r key value; do [ "$key" = frozen ] && [ "$value" = 1 ] && return 0; done 2>/dev/null < "$folder/cgroup.events"
  return 1
}
# is $1 one of the processes of the program, or descended from one?
belongs() {
  one=$1
  while [ "$one" -gt 1 ]; do
    case " $program " in *" $one "*) return 0 ;; esac
    look "$one" || return 1
    one=$parent
  done 2>/dev/null
  return 1
}
alone() {
  members=$(find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null)
  for pid in $program; do case " $(echo $members) " in *" $pid "*) ;; *) return 1 ;; esac; done
  for member in $members; do
    belongs "$member" && owned "$member" && look "$member" && ! in_foreground || return 1
  done
}
# freezes the control group that holds the program and nothing else
freeze() {
  program= owns= first=$1 began=$2
  while [ $# -gt 0 ]; do program="$program $1"; shift 2; done
  for own in $$ "$PPID"; do group_of "$own" && owns="$owns $folder/"; done
  group_of "$first" || return 1
  for own in $owns; do case $own in "$folder/"*) return 1 ;; esac; done
  [ -w "$folder/cgroup.freeze" ] && alone || return 1
  entry="freeze,$first,$began,$(stat -c %i "$folder"),$folder"
  with "$entry"
  if save && promise "$SOON" && echo 1 > "$folder/cgroup.freeze" && alone; then return 0; fi 2>/dev/null
  echo 0 > "$folder/cgroup.freeze"
  without "$entry"
  save
  return 1
} 2>/dev/null

resume() {
  while [ $# -gt 1 ]; do
    for entry in $book; do
      case $entry in
        "stop,$1,$2") let_run "$1" "$2"; without "$entry" ;;
        "freeze,$1,$2,"*) rest=\${entry#freeze,*,*,}; thaw "\${rest%%,*}" "\${rest#*,}"; without "$entry" ;;
      esac
    done
    shift 2
  done
  save
  promise "$SOON"
}
hold() {
  all=$*
  [ $# -gt 1 ] && [ $(($# % 2)) = 0 ] || { no invalid; return; }
  while [ $# -gt 0 ]; do
    may_hold "$1" "$2" || { no "$why"; return; }
    shift 2
  done
  set -- $all
  frozen_as "$1" "$2" && { ok; return; }
  freeze $all && { ok; return; }
  before=$book
  while [ $# -gt 0 ]; do has "stop,$1,$2" || with "stop,$1,$2"; shift 2; done
  if ! save || ! promise "$SOON"; then
    book=$before
    no no-journal
    return
  fi
  set -- $all
  while [ $# -gt 0 ]; do
    why=
    kill -STOP "$1" 2>/dev/null || why=not-permitted
    # what changed between the look and the signal is undone at once
    if ! lives "$1" "$2"; then kill -CONT "$1" 2>/dev/null; why=ended
    elif in_foreground; then why=foreground
    fi
    [ -z "$why" ] || { resume $all; no "$why"; return; }
    shift 2
  done
  ok
}
`;
