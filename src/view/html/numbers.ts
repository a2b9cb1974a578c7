/** `0.4 s`, `48 s`, `3 min 20 s` */
export function seconds(value: number): string {
  if (value < 0.05) return '< 0.1 s';
  if (value < 10) return `${Math.round(value * 10) / 10} s`;
  if (value < 120) return `${Math.round(value)} s`;
  const rest = Math.round(value % 60);
  return `${Math.floor(value / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** `26,156` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 step`, `26,156 steps` */
export function stepCount(steps: number): string {
  return `${count(steps)} step${steps === 1 ? '' : 's'}`;
}
