import { TextInput } from '@mantine/core';

const DAY_MIN = 24 * 60;
const textOf = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** A time of day as minutes after midnight; empty: undefined. */
export function TimeField({
  label,
  minute,
  onChange,
  disabled = false,
}: {
  readonly label: string;
  readonly minute: number | undefined;
  readonly onChange: (minute: number | undefined) => void;
  readonly disabled?: boolean;
}) {
  return (
    <TextInput
      type="time"
      size="xs"
      w={124}
      label={label}
      disabled={disabled}
      defaultValue={minute === undefined ? '' : textOf(minute)}
      key={minute ?? -1}
      onBlur={({ currentTarget: { value } }) => {
        const [hours, minutes] = value.split(':').map(Number);
        const next = value === '' ? undefined : (hours! * 60 + minutes!) % DAY_MIN;
        if (next !== minute) onChange(next);
      }}
    />
  );
}
