import { words } from './words.ts';

interface StepperProps {
  /** The thing that is counted, for screen readers. */
  name: string;
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
}

/** A number with buttons that lower and raise it. */
export function Stepper({ name, value, min, max, onChange }: StepperProps) {
  const { fewer, more } = words.value;
  const button = (label: string, sign: string, next: number) => (
    <button
      type="button"
      class="quiet"
      aria-label={label}
      disabled={next < min || next > max}
      onClick={() => onChange(next)}
    >
      {sign}
    </button>
  );
  return (
    <fieldset class="stepper" aria-label={name}>
      {button(fewer(name), '−', value - 1)}
      <output>{value}</output>
      {button(more(name), '+', value + 1)}
    </fieldset>
  );
}
