import { plural } from '../model/plural.ts';

/** `20.6 MB` */
export function size(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** `250 kB/s`, `2.5 MB/s` */
export function pace(bytesPerSecond: number): string {
  return bytesPerSecond < 1e6
    ? `${Math.round(bytesPerSecond / 1e3)} kB/s`
    : `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
}

/** `5 min`, `3 h`, `12 days` */
export function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : plural(Math.round(seconds / 86_400), 'day');
}
