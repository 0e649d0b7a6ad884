const LONGEST_NAME = 120;

/** A model's name for display: a path loses its folders, `owner/name` stays whole, a content hash is shortened. */
export function shortModel(name: string): string {
  const isPath = /^[/\\.~]|^[A-Za-z]:[\\/]|\.(gguf|safetensors|ckpt|bin|pt)$/i.test(name);
  const short = isPath ? (name.split(/[/\\]/).findLast((part) => part !== '') ?? '') : name;
  return short.replace(/^sha256[-:]([0-9a-f]{12})[0-9a-f]*$/i, '$1').slice(0, LONGEST_NAME);
}
