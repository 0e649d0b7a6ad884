// Phrases that read like a translation. Write what happened, who did it, and what to do instead.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** A phrase, and what to write instead. */
const BANNED = [
  [/\banew\b/i, 'again, or nothing'],
  [/\bnobody\b/i, 'name who: "no program", "Slowburn does not"'],
  [/\bgoes on\b/i, '"continues", "is running"'],
  [/\b(?:is|are|was|were) told\b/i, 'say who reports what'],
  [/\btells? of\b/i, '"reports"'],
  [/\bheld (?:back|down)\b/i, '"throttled"'],
  [/\bholds? back\b/i, '"throttles", "delays"'],
  [/\blets? go\b/i, '"releases"'],
  [/\bhowever it ends\b/i, 'name the cases'],
  [/\bbrought forth\b/i, '"produced"'],
  [/\bstands? (?:above|here|beside|for)\b/i, '"is", "means"'],
  [/\bby (?:itself|themselves)\b/i, '"automatically", "alone"'],
  [/\bof its own\b/i, '"its own", "separate"'],
  [/\btak(?:es?|en|ing) back\b/i, '"reverts"'],
  [/\bwithout your word\b/i, '"unless you keep it"'],
  [/\bbeforehand\b/i, '"before"'],
];

const TEXT = /\.(?:ts|tsx|mjs|cjs|json|md|yml|c|h|css|html)$/;
/** Not our words, or the list itself. */
const LEFT_OUT = /^(?:package-lock\.json|LICENSE|bench\/results\.json|scripts\/check\/words\.mjs|test\/fixtures\/)/;

/** @returns {string[]} one line per phrase found: where, what, and what to write instead */
export function wordFaults(files, read) {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) =>
        BANNED.flatMap(([pattern, instead]) => {
          const found = pattern.exec(line);
          return found ? [`${file}:${i + 1}: "${found[0]}": write ${instead}`] : [];
        }),
      ),
  );
}

/** Checks every text file that git knows. */
export function checkWords(checkout) {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: checkout,
    encoding: 'utf8',
  });
  const files = list.split('\n').filter((file) => TEXT.test(file) && !LEFT_OUT.test(file));
  return wordFaults(
    files.filter((file) => fs.existsSync(`${checkout}/${file}`)),
    (file) => fs.readFileSync(`${checkout}/${file}`, 'utf8'),
  );
}
