import { base, shell } from './base.ts';

/**
 * The second watchdog: a process in a separate session, so that what ends the helper's process group does not end it.
 * The helper sends it lines `SECONDS BOOK`: what is to be undone unless the next line comes within that time. No line
 * comes when the helper is killed (its end of the pipe closes), when it hangs, and when Slowburn is frozen, since the
 * helper sends its lines on Slowburn's heartbeat. Then it ends the helper and undoes the book.
 *
 * $1 journal, $2 nvidia-smi, $3 and $4 the helper's process.
 */
export const watchdogScript = `${base}${shell`
helper=$3 helper_start=$4 watchdog=$$
look $$
watchdog_start=$start

finish() {
  trap '' TERM
  # another helper has taken over, and has undone this book at its start
  read -r word was now rest 2>/dev/null < "$journal" && [ "$now" != "$helper" ] && exit 0
  lives "$helper" "$helper_start" && kill -KILL "$helper" 2>/dev/null
  for again in 1 2 3 4 5 6 7 8 9 10; do
    look "$helper" || break
    sleep 0.05
  done
  end_group "$helper"
  undo
  if [ -n "$book" ]; then save; else rm -f "$journal"; fi
  exit 0
}
trap finish TERM

patience=10
{ read -r word; read -r book; } 2>/dev/null < "$journal"
while line=$(timeout "$patience" /bin/sh -c 'IFS= read -r line && printf "%s\n" "$line"'); do
  patience=\${line%% *}
  book=\${line#* }
done
finish
`}`;
