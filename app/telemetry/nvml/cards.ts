import type { GpuIdentity } from '../source.ts';
import { normalBusId } from './device.ts';

/** How threads name a card: its PCI slot; "#3", its number in the driver's list, where the slot is not known yet. */
export type Card = string;

export const numbered = (index: number): Card => `#${index}`;
/** The number of a card that is named by it. */
export const numberOf = (card: Card): number | undefined => (card.startsWith('#') ? Number(card.slice(1)) : undefined);

/** The name that other threads can open it by. */
export const cardOf = ({ pciBusId, index }: Pick<GpuIdentity, 'pciBusId' | 'index'>): Card =>
  normalBusId(pciBusId) || numbered(index);

/** Whether a card is this GPU. */
export const isCard = (card: Card, { pciBusId, index }: GpuIdentity): boolean =>
  card === normalBusId(pciBusId) || card === numbered(index);
