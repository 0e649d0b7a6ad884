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

/** Energy per output, of the whole session and of active time, each with its label; once if both read the same. Empty: withheld. */
export function perOutputTexts(
  { each, eachActive, outputs, states }: Figures,
  t: Words,
  format: NumberFormatter,
): readonly { readonly label: string; readonly text: string }[] {
  if (!outputs || !isShown(states.perOutput)) return [];
  const sign = boundSigns[states.perOutput] ?? '';
  const unit = t(`outputUnit.${outputs.unit}`);
  const of = (joules: number): string => sign + t('workloads.perUnit', { value: joined(format.joules(joules)), unit });
  const active = eachActive && of(eachActive.energyJ);
  const whole = each?.energyJ === undefined ? undefined : of(each.energyJ);
  return [
    ...(active === undefined || active === whole ? [] : [{ label: t('workloads.active'), text: active }]),
    ...(whole === undefined ? [] : [{ label: t('workloads.wholeSession'), text: whole }]),
  ];
}

const MILLION = 1e6;

/** By how many outputs a cost per output is given, and their name: one image, a million tokens. */
export const costUnitOf = (unit: Outputs['unit'], t: Words): { readonly count: number; readonly name: string } =>
  unit === 'token'
    ? { count: MILLION, name: t('workloads.millionTokens') }
    : { count: 1, name: t(`outputUnit.${unit}`) };

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
