import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './folders.ts';

export const ORIGINAL_W = '350.00';

export type StubSmi = {
  readonly smi: string;
  readonly journal: string;
  /** the limit of a card now, as nvidia-smi prints it */
  readonly limit: (uuid?: string) => string;
  /** every call that would change a card, as `CARD WATTS` */
  readonly changes: () => string[];
  /** the driver refuses every change from now on */
  readonly refuse: () => void;
};

/**
 * An nvidia-smi of two cards with limits from 100 to 400 W, and a third, GPU-mute, that tells no limits. Like the real one
 * it takes an index for a card, too, and prints what it was asked as CSV.
 */
export function stubSmi(folder = temporaryFolder(), onSet = ''): StubSmi {
  const cards = path.join(folder, 'cards');
  const changed = path.join(folder, 'changed');
  fs.mkdirSync(cards);
  for (const uuid of ['GPU-0', 'GPU-1']) fs.writeFileSync(path.join(cards, uuid), `100.00 400.00 ${ORIGINAL_W}\n`);
  fs.writeFileSync(path.join(cards, 'GPU-mute'), `[N/A] [N/A] ${ORIGINAL_W}\n`);
  fs.writeFileSync(changed, '');
  const smi = path.join(folder, 'nvidia-smi');
  fs.writeFileSync(
    smi,
    `#!/bin/sh
case $2 in [0-9]*) uuid=GPU-$2 ;; *) uuid=$2 ;; esac
file=${cards}/$uuid
[ -f "$file" ] || { echo "No devices were found"; exit 6; }
read -r least most now < "$file"
case $3 in
  -pl)
    echo "$2 $4" >> ${changed}
    if [ -e ${folder}/refuse ] && [ "$4" != ${ORIGINAL_W} ]; then echo "The current user does not have permission"; exit 4; fi
    watts=\${4%.*}
    ${onSet}
    sleep 0.01; echo "$least $most $watts.00" > "$file.$$"; mv "$file.$$" "$file" ;;
  --query-gpu=power.limit) echo "$now" ;;
  --query-gpu=uuid,power.min_limit,power.max_limit,power.limit) echo "$uuid, $least, $most, $now" ;;
esac
`,
    { mode: 0o755 },
  );
  const lines = (): string[] => fs.readFileSync(changed, 'utf8').split('\n').filter(Boolean);
  return {
    smi,
    journal: path.join(folder, 'governor.journal'),
    limit: (uuid = 'GPU-0') => fs.readFileSync(path.join(cards, uuid), 'utf8').trim().split(' ').at(-1)!,
    changes: lines,
    refuse: () => fs.writeFileSync(path.join(folder, 'refuse'), ''),
  };
}
