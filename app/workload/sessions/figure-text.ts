import type { Translate } from '../../core/i18n.ts';
import { joined, type NumberFormatter } from '../../core/format.ts';
import { costOf, type Tariff } from '../energy/tariff.ts';
import { boundSigns, isShown, type FigureState } from './figure-states.ts';
import type { Figures } from './figures.ts';
import type { IdleModel, Outputs, StoredSession } from './schema.ts';
import { unloadCommand } from './unload.ts';

/** A translator: `text` in a terminal, `t` in the window. */
type Words = Translate;

/** Why a figure is withheld or only a bound, as a sentence; undefined: it is as it is. */
export function whyOf(
  state: FigureState,
  { sharedWith }: { readonly sharedWith?: StoredSession['sharedWith'] | undefined },
  t: Words,
): string | undefined {
  if (state === 'known' || state === 'modelled') return undefined;
  return t(`figureState.${state}`, { names: sharedWith?.join(', ') ?? t('workloads.otherPrograms') });
}

/** The tokens that were read: of prompts, and those of them from a cache; undefined: outputs are no tokens. */
export function promptText(outputs: Outputs, t: Words, format: NumberFormatter): string | undefined {
  const { unit, promptTokens, cachedPromptTokens, promptAtLeast } = outputs;
  if (unit !== 'token') return undefined;
  if (promptTokens === undefined) return t('workloads.promptUnknown');
  const n = `${promptAtLeast ? boundSigns['at-least'] : ''}${format.number(promptTokens)}`;
  return cachedPromptTokens === undefined
    ? t('workloads.prompt', { n })
    : t('workloads.promptCached', { n, cached: format.number(cachedPromptTokens) });
}

/** J per output, of the whole session and of active time, each with its label. Empty: withheld. */
export function perOutputTexts(
  { each, eachActive, outputs, states }: Figures,
  t: Words,
  format: NumberFormatter,
): readonly { readonly label: string; readonly text: string }[] {
  if (!outputs || !isShown(states.perOutput)) return [];
  const sign = boundSigns[states.perOutput] ?? '';
  const unit = t(`outputUnit.${outputs.unit}`);
  const of = (joules: number): string =>
    sign + t('workloads.perUnit', { value: `${format.significant(joules, 3)} J`, unit });
  return [
    ...(eachActive ? [{ label: t('workloads.active'), text: of(eachActive.energyJ) }] : []),
    ...(each?.energyJ === undefined ? [] : [{ label: t('workloads.wholeSession'), text: of(each.energyJ) }]),
  ];
}

/** What a model cost that stayed loaded, in sentences: how long and how much, how much of it is due to it, how to unload it. */
export function idleTexts(idle: IdleModel, tariff: Tariff, t: Words, format: NumberFormatter): readonly string[] {
  const { program, model, idleMs, energyJ, aboveJ, slots } = idle;
  const cost = costOf(slots, tariff);
  const unload = unloadCommand(idle);
  const energy = joined(format.energy(energyJ));
  return [
    t('idleModels.line', {
      name: model === undefined ? program : `${model} (${program})`,
      duration: format.duration(idleMs),
      energy: cost === undefined ? energy : `${energy}, ${format.money(cost)}`,
    }),
    aboveJ === undefined
      ? t('idleModels.partUnknown')
      : t('idleModels.part', { energy: joined(format.energy(aboveJ)) }),
    unload === undefined ? t('idleModels.endProgram', { program }) : t('idleModels.unload', { command: unload }),
  ];
}
