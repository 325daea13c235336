import { Select } from '@mantine/core';
import { monthText } from './format';

interface PeriodSelectProps {
  readonly label: string;
  readonly months: readonly string[];
  readonly value: string;
  readonly choose: (period: string) => void;
}

/** Chooses a month. Months are words: "October 2026". */
export function PeriodSelect({ label, months, value, choose }: PeriodSelectProps) {
  const all = months.includes(value) ? months : [value, ...months];
  return (
    <Select
      aria-label={label}
      data={all.map((month) => ({ value: month, label: monthText(month) }))}
      value={value}
      onChange={(next) => next && choose(next)}
      allowDeselect={false}
      w={176}
    />
  );
}
