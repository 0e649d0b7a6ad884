import { Tooltip } from '@mantine/core';

/** A tooltip beside an element. */
export const HintBubble = ({ on, text }: { readonly on: HTMLElement; readonly text: string }) => (
  <Tooltip target={on} label={text} opened />
);
