import fs from 'node:fs';
import { recordings } from '../test/support/shared.ts';

/** A document of `nvidia-smi -q -x` with `count` GPUs, made of a recorded card (or of the project's own fixture). */
export function documentOf(count: number): { readonly xml: string; readonly from: string } {
  const wanted = recordings((name) => name.endsWith('rtx-4090-driver-535.xml') || name.endsWith('own/two-cards.xml'));
  const { name, file } = wanted.at(-1)!;
  const xml = fs.readFileSync(file, 'utf8');
  const [head, rest] = [xml.slice(0, xml.indexOf('<gpu ')), xml.slice(xml.indexOf('<gpu '))];
  const card = rest.slice(0, rest.indexOf('</gpu>') + '</gpu>'.length);
  const cards = Array.from({ length: count }, (_, i) => card.replace(/<uuid>[^<]*</, `<uuid>GPU-0000000${i}<`));
  return { xml: `${head}${cards.join('\n')}\n</nvidia_smi_log>\n`, from: name };
}
