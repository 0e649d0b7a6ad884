import { TextInput } from '@mantine/core';

const DAY_MIN = 24 * 60;
const textOf = (minute: number | undefined): string =>
  minute === undefined
    ? ''
    : `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

type Props = {
  readonly label: string;
  readonly minute: number | undefined;
  readonly disabled?: boolean;
} & (
  | { readonly required: true; readonly onChange: (minute: number) => void }
  | { readonly required?: false; readonly onChange: (minute: number | undefined) => void }
);

/** A time of day as minutes after midnight. Emptied: undefined, or the one before again where one is required. */
export function TimeField({ label, minute, disabled = false, ...props }: Props) {
  return (
    <TextInput
      type="time"
      size="xs"
      w={124}
      label={label}
      disabled={disabled}
      defaultValue={textOf(minute)}
      key={minute ?? -1}
      onBlur={({ currentTarget }) => {
        if (currentTarget.value === '') {
          if (props.required) currentTarget.value = textOf(minute);
          else if (minute !== undefined) props.onChange(undefined);
          return;
        }
        const [hours, minutes] = currentTarget.value.split(':').map(Number);
        const next = (hours! * 60 + minutes!) % DAY_MIN;
        if (next !== minute) props.onChange(next);
      }}
    />
  );
}
