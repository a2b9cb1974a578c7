import type { Origin, Originated } from '../desire/bundle-origin.ts';
import { plural } from '../model/plural.ts';
import { view } from './printable.ts';

const titles: readonly (readonly [Origin, string])[] = [
  ['official', 'official'],
  ['other', 'another origin'],
  ['unknown', 'unknown'],
];

/** The origins of what a bundle has: how much is official, and each file and image that is not. Empty if all of it is. */
export const originText = view(composeOriginText);

function composeOriginText(origins: readonly Originated[]): string {
  if (origins.every(({ origin }) => origin === 'official'))
    return origins.length === 0 ? '' : `official: all ${counted(origins)}`;
  return titles
    .flatMap(([origin, title]) => {
      const list = origins.filter((each) => each.origin === origin);
      if (list.length === 0) return [];
      const lines = origin === 'official' ? [] : list.map((each) => `  ${line(each)}`);
      return [`${title}: ${counted(list)}`, ...lines];
    })
    .join('\n');
}

function counted(list: readonly Originated[]): string {
  const images = list.filter(({ ref }) => ref !== undefined).length;
  const files = list.length - images;
  return [
    ...(files > 0 ? [plural(files, 'file')] : []),
    ...(images > 0 ? [plural(images, 'image')] : []),
  ].join(' and ');
}

function line({ path, ref, digest, known, by }: Originated): string {
  const is = digest === undefined ? 'no digest' : short(digest);
  const wanted = known === undefined ? '' : `, but the ${by ?? 'catalog'} has ${short(known)}`;
  return `${ref ?? path}  ${is}${wanted}`;
}

/** `sha256:0535dde1a857` */
const short = (digest: string): string => digest.slice(0, 'sha256:'.length + 12);
