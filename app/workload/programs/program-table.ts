import type { Invocation } from './invocation.ts';
import { wordsOf } from './invocation.ts';
import { languageModelPrograms } from './language-model-programs.ts';
import { mediaPrograms } from './media-programs.ts';
import { knownProgram, type ProgramRow } from './program-row.ts';

/** Words of scripts that generate. With the name of a model beside them they tell what kind of work a script does. */
const GENERATES = new Set(
  'app batch bench benchmark chat demo eval evaluate generate generation infer inference predict run sample serve server test'.split(
    ' ',
  ),
);

/** Whether a script's name holds one of these words as a whole, alone or, for an ambiguous word, with one that says what it does. */
function script(...words: readonly string[]): (invocation: Invocation) => boolean {
  return ({ file }) => {
    const own = wordsOf(file);
    return own.at(-1) === 'py' && own.some((word) => words.includes(word));
  };
}
const generating =
  (...words: readonly string[]) =>
  (invocation: Invocation): boolean =>
    script(...words)(invocation) && wordsOf(invocation.file).some((word) => GENERATES.has(word));

/** Scripts that are no program of their own: their names tell the kind of work. */
const scripts: readonly ProgramRow[] = [
  {
    id: 'training',
    name: 'Training loop',
    kind: 'training',
    runs: ['torchrun', 'accelerate launch', 'deepspeed', 'axolotl', 'llamafactory-cli', 'kohya_gui.py'],
    modules: ['torch.distributed.run', 'torch.distributed.launch', 'accelerate.commands.launch', 'axolotl'],
    also: script('train', 'pretrain', 'training', 'finetune', 'finetuning', 'sft', 'dreambooth'),
    places: [],
  },
  {
    id: 'autoregressive-image',
    name: 'Autoregressive image script',
    kind: 'autoregressive-image',
    also: (invocation) =>
      generating('llamagen', 'janus', 'januspro', 'emu3', 'simplear', 'infinity')(invocation) ||
      (['llamagen', 'janus', 'emu3', 'lumina-mgpt', 'simplear', 'infinity'].includes(invocation.folder) &&
        script(...GENERATES)(invocation)),
    places: [],
  },
  {
    id: 'diffusers',
    name: 'Diffusion script',
    kind: 'diffusion',
    also: (invocation) =>
      script('diffusers', 'diffusion', 'txt2img', 'img2img', 'text2image', 'sdxl')(invocation) ||
      generating('flux', 'sd3', 'wan', 'hunyuanvideo')(invocation),
    places: [],
  },
  {
    id: 'transformers',
    name: 'Language model script',
    kind: 'llm',
    runs: ['transformers serve', 'transformers chat', 'transformers-cli'],
    also: (invocation) => script('transformers')(invocation) || generating('llm', 'text')(invocation),
    places: [],
  },
];

/**
 * Programs that load a card. A new program is a new row. The first row that fits names a program: forks come before the
 * program they are forks of, and training before the libraries that it uses.
 */
export const programTable = [
  {
    id: 'reference',
    name: 'Slowburn reference load',
    kind: 'other',
    also: ({ options }: Invocation) => options.some((option) => option.startsWith('--burn=')),
    places: [],
  } satisfies ProgramRow,
  ...mediaPrograms,
  ...languageModelPrograms,
  ...scripts,
].map(knownProgram);
