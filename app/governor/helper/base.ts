/** Shell text in which a dollar before a brace is escaped. */
export const shell = (strings: TemplateStringsArray, ...values: readonly string[]): string =>
  String.raw({ raw: strings.raw.map((text) => text.replaceAll('\\$', '$')) }, ...values);

/**
 * What the helper and its watchdog share: how a process is identified, the book of what is to be undone, and the undoing.
 *
 * A process is its number and its start time (field 22 of proc(5)), a control group its path and inode. An entry of the
 * book is one word: `stop,PID,START`, `freeze,PID,START,INODE,FOLDER` or `limit,UUID,WATTS`. The journal holds who works
 * on it, and the book. One of an earlier boot is void: its processes are gone, and the driver has its own limits again.
 */
export const base = shell`
journal=$1
smi=$2
set -f
trap '' INT HUP PIPE
umask 077
export LC_ALL=C
boot=none
read -r boot 2>/dev/null < /proc/sys/kernel/random/boot_id
book=

# reads what the kernel reports about process $1; fails when it has ended. Its name may hold anything: the last bracket counts
look() {
  stat= line=
  while IFS= read -r line || [ -n "$line" ]; do stat="$stat $line" line=; done 2>/dev/null < "/proc/$1/stat"
  [ -n "$stat" ] || return 1
  set -- \${stat##*) }
  state=$1 parent=$2 group=$3 session=$4 terminal=$5 foreground=$6 start=\${20}
  [ "$state" != Z ] && [ "$state" != X ]
}
lives() { [ -n "$2" ] && look "$1" && [ "$start" = "$2" ]; }

with() { book="$book\${book:+ }$1"; }
without() {
  kept=
  for entry in $book; do [ "$entry" = "$1" ] || kept="$kept $entry"; done
  book=\${kept# }
}
save() {
  printf '%s\n' "helper $boot $helper $helper_start $watchdog $watchdog_start" "$book" > "$journal.new" &&
    mv -f "$journal.new" "$journal"
}

driver() { "$smi" "$@" 2>&1 < /dev/null 3>&-; }
same() { [ "\${1%.*}" = "\${2%.*}" ]; }
limit_now() { driver -i "$1" --query-gpu=power.limit --format=csv,noheader,nounits; }
set_back() {
  for again in 1 2 3 4 5; do
    driver -i "$1" -pl "$2" > /dev/null
    same "$(limit_now "$1")" "$2" && return 0
    sleep 0.2
  done
  return 1
}
let_run() { lives "$1" "$2" && kill -CONT "$1" 2>/dev/null; }
thaw() { [ "$(stat -c %i "$2" 2>/dev/null)" = "$1" ] && echo 0 > "$2/cgroup.freeze"; } 2>/dev/null

# programs first, as that is quick; a limit that cannot be restored stays in the book
undo() {
  left=
  for entry in $book; do
    rest=\${entry#*,}
    case $entry in
      *[!A-Za-z0-9.:/,_@\\-]*) ;;
      stop,*,*) let_run "\${rest%,*}" "\${rest#*,}" ;;
      freeze,*,*,*,*) rest=\${rest#*,*,}; thaw "\${rest%%,*}" "\${rest#*,}" ;;
      limit,*,*) left="$left $entry" ;;
    esac
  done
  limits=$left left=
  for entry in $limits; do
    rest=\${entry#limit,}
    set_back "\${rest%,*}" "\${rest##*,}" || left="$left $entry"
  done
  book=\${left# }
}
# ends what a helper that is gone had started: it must not act after the undoing
end_group() {
  case $1 in ''|0|1|*[!0-9]*) return ;; esac
  look "$1" && return
  for again in 1 2 3 4 5 6 7 8 9 10; do
    kill -KILL -- "-$1" 2>/dev/null || return
    sleep 0.05
  done
}
`;
