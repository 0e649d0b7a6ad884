/**
 * What is kept of a command line: the program, script, sub-command, model and numbers, which identify a session. The rest
 * may be a password, a key, a prompt or a name. No list of secrets is ever complete, so this is a list of what is kept,
 * and everything else becomes "…".
 */
const LEFT_OUT = '…';
const LONGEST = 200;

/** Prefixes by which issuers mark their keys (OpenAI, Hugging Face, GitHub, GitLab, Slack, AWS, Google, JWT). */
const KEY = /^(sk-|hf_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|AIza|eyJ)/;
const RANDOM = /^[A-Za-z0-9+/=]{32,}$/;
const SECRET_OPTION = /key|token|secret|passw|pwd|auth|cred|cookie|bearer|user|login|^-p$/i;
const MODEL_OPTION =
  /^--?(m|model|model[-_](path|id|name)|ckpt|pretrained_model_name_or_path|model_name_or_path|served-model-name|hf-repo)$/;
const OPTION = /^(--[A-Za-z][\w.-]{0,40}|-[A-Za-z]{1,3})$/;
const ASSIGNMENT = /^[A-Za-z_]\w{0,60}=/;
const SCRIPT = /^[\w.+-]{1,80}\.(py|sh|js|mjs|jar|exe|ipynb|json|ya?ml|toml)$/i;
const MODULE = /^[A-Za-z][\w.]{0,60}$/;
const SUB_COMMAND = /^(serve|server|run|runner|launch|start|train|generate|chat|bench|predict)$/;
const PLAIN_VALUE =
  /^([-+]?\d[\d.,:x]{0,15}|true|false|auto|none|on|off|cpu|cuda(:\d+)?|(bf|fp|float|int|q)\d[\w]{0,6})$/i;
const MODEL = /^[\w.-]{1,80}(\/[\w.-]{1,80})?(:[\w.-]{1,40})?$/;

const baseOf = (text: string): string => text.split(/[/\\]/).at(-1)!;
const isSecret = (text: string): boolean => KEY.test(text) || RANDOM.test(text);

/** A text, or "…" if it is not kept. */
const kept = (text: string, fits: boolean): string => (fits && !isSecret(text) ? text : LEFT_OUT);

function valueOf(option: string, value: string): string {
  if (SECRET_OPTION.test(option)) return LEFT_OUT;
  if (!MODEL_OPTION.test(option)) return kept(value, PLAIN_VALUE.test(value));
  if (value.includes('://')) return LEFT_OUT;
  const name = MODEL.test(value) ? value : baseOf(value);
  return kept(name, MODEL.test(name));
}

/** A command line, shortened to what identifies a session. Shortening the result again does not change it. */
export function shortCommand(line: string): string {
  const parts = line.split(/\s/).filter((part) => part !== '');
  const words: string[] = [];
  let program = false;
  let open: string | undefined;
  let full = false;
  const add = (word: string): void => {
    if (word === LEFT_OUT && words.at(-1) === LEFT_OUT) return;
    full ||= words.join(' ').length + word.length >= LONGEST;
    if (!full) words.push(word);
  };
  for (const part of parts) {
    const equals = part.indexOf('=');
    const option = equals < 0 ? part : part.slice(0, equals);
    if (!program && ASSIGNMENT.test(part)) add(`${option}=${LEFT_OUT}`);
    else if (!program) {
      program = true;
      add(kept(baseOf(part), /^[\w.:+-]{1,80}$/.test(baseOf(part))));
    } else if (OPTION.test(option) && !isSecret(option)) {
      open = equals < 0 ? option : undefined;
      add(equals < 0 ? option : `${option}=${valueOf(option, part.slice(equals + 1))}`);
    } else if (open !== undefined) {
      // `-m` is a module for Python and a model for llama.cpp
      add(open === '-m' && MODULE.test(part) ? kept(part, true) : valueOf(open, part));
      open = undefined;
    } else {
      const script = baseOf(part);
      add(SCRIPT.test(script) ? kept(script, true) : kept(part, SUB_COMMAND.test(part)));
    }
  }
  return words.join(' ');
}

/** The name of a process without the arguments that some programs and drivers append. */
export const shortProcessName = (name: string): string => name.split(' -', 1)[0]!.slice(0, LONGEST);
