import type { ColumnMeaning } from './columns.ts';

/**
 * Names of HWiNFO's readings in the languages of which logs were seen: English, German, simplified and traditional
 * Chinese (docs/import.md). Left out on purpose, for the reasons given in gpu-z.ts: hot spot, memory junction, memory
 * clock, fan turns, video engine load, and the performance limits (policies of NvAPI, not NVML's clocks event reasons).
 */
export const hwinfoNames: readonly ColumnMeaning[] = [
  [/^(?:GPU Temperature|GPU-Temperatur|GPU (?:温度|溫度))$/i, 'coreTempC'],
  [/^GPU (?:Power|Leistung|功率)$/i, 'powerW'],
  [/^(?:GPU Clock|GPU-Takt|GPU (?:频率|頻率))$/i, 'graphicsClockMhz'],
  [/^GPU (?:Core Load|Kernlast|核心使用率)$/i, 'gpuUtilPct'],
  [
    /^(?:GPU Memory Controller Load|Auslastung des GPU Speicher-Controllers|显存控制器使用率|顯示記憶體控制器使用率)$/i,
    'memUtilPct',
  ],
  [/^(?:GPU Memory Allocated|Zugeteilter GPU-Speicher|分配显存)$/i, 'vramUsedBytes'],
  [/^GPU (?:Fan|Lüfter|风扇) ?1?$/i, 'fanPct'],
  [/^GPU (?:Fan|Lüfter|风扇) ?2$/i, 'fan2Pct'],
  [/^GPU (?:Fan|Lüfter|风扇) ?3$/i, 'fan3Pct'],
];

/** Words that show the language of a header. The first match counts; English is none of them. */
const LANGUAGES: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/\p{Script=Hiragana}|\p{Script=Katakana}/u, 'ja'],
  [/\p{Script=Hangul}/u, 'ko'],
  [/\p{Script=Han}/u, 'zh'],
  [/\p{Script=Cyrillic}/u, 'ru'],
  [/puissance|température/iu, 'fr'],
  [/potência|temperatura d[oa]/iu, 'pt'],
  [/potencia/iu, 'es'],
  [/potenza/iu, 'it'],
  [/leistung|temperatur(?!\p{L})/iu, 'de'],
];

/** The language of a log's header, in English: "French". Undefined: English, or one that is not known here. */
export function languageOf(header: string): string | undefined {
  const code = LANGUAGES.find(([pattern]) => pattern.test(header))?.[1];
  return code && new Intl.DisplayNames('en', { type: 'language' }).of(code);
}
