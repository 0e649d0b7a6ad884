/**
 * Splits a Windows command line by the rules of Microsoft's C runtime, which nearly all programs follow. Quotes group. A
 * quote within them is doubled or follows a backslash. Backslashes are special only before a quote.
 * Source: Microsoft Learn, "Parsing C command-line arguments".
 */
export function splitCommandLine(line: string): string[] {
  const parts: string[] = [];
  let part: string | undefined;
  let quoted = false;
  for (let i = 0; i < line.length;) {
    let backslashes = 0;
    while (line[i + backslashes] === '\\') backslashes++;
    const next = line[i + backslashes];
    if (next === '"') {
      part = (part ?? '') + '\\'.repeat(backslashes >> 1);
      i += backslashes + 1;
      if (backslashes % 2 === 1) part += '"';
      else if (quoted && line[i] === '"') {
        part += '"';
        i++;
      } else quoted = !quoted;
      continue;
    }
    if (backslashes > 0) {
      part = (part ?? '') + '\\'.repeat(backslashes);
      i += backslashes;
      continue;
    }
    if (!quoted && (next === ' ' || next === '\t')) {
      if (part !== undefined) parts.push(part);
      part = undefined;
    } else part = (part ?? '') + next!;
    i++;
  }
  if (part !== undefined) parts.push(part);
  return parts;
}
