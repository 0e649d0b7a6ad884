import { shell } from './base.ts';

/**
 * The part of the helper that sets power limits: whole watts, within the limits that the driver reports for that card,
 * on a card that the driver lists under exactly that UUID. It is all that a helper with rights can do.
 */
export const limiting = shell`
number() { case $1 in ''|.*|*[!0-9.]*|*.*.*) return 1 ;; esac; }
# reads least, most and current limit of the card with the UUID $1, W
card() {
  listed= least= most= now=
  while IFS=', ' read -r uuid least most now rest; do
    if [ "$uuid" = "$1" ]; then listed=1; break; fi
  done <<CARDS
$(driver -i "$1" --query-gpu=uuid,power.min_limit,power.max_limit,power.limit --format=csv,noheader,nounits)
CARDS
  if [ -z "$listed" ]; then why=not-listed
  elif number "$least" && number "$most" && number "$now"; then
    case $least in *.*[1-9]*) lowest=$((\${least%.*} + 1)) ;; *) lowest=\${least%.*} ;; esac
    highest=\${most%.*}
    return 0
  else why=unknown-limits
  fi
  return 1
}
# the limit that the card had before, from the book
first() { for entry in $book; do case $entry in "limit,$1,"*) printf '%s' "\${entry##*,}" ;; esac; done; }

limit() {
  case $2 in ''|0*|*[!0-9]*|?????*) no invalid; return ;; esac
  promise "$LONG" || { no no-journal; return; }
  card "$1" || { no "$why"; return; }
  if [ "$2" -lt "$lowest" ] || [ "$2" -gt "$highest" ]; then no out-of-range "$lowest $highest"; return; fi
  if [ -z "$(first "$1")" ]; then
    with "limit,$1,$now"
    if ! save || ! promise "$LONG"; then without "limit,$1,$now"; no no-journal; return; fi
  fi
  if why=$(driver -i "$1" -pl "$2") && same "$(limit_now "$1")" "$2"; then ok
  else
    now=$(first "$1")
    set_back "$1" "$now" && without "limit,$1,$now"
    save
    no refused "$(printf '%s' "$why" | head -n 1 | tr -cd '[:print:]' | cut -c -200)"
  fi
}
restore() {
  now=$(first "$1")
  [ -n "$now" ] || { ok; return; }
  promise "$LONG"
  if set_back "$1" "$now"; then without "limit,$1,$now"; save; ok; else no not-restored; fi
}
`;
