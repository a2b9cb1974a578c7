import {
  pathTypes,
  type ExtraArg,
  type ExtraEnv,
  type ExtraVolume,
  type PathType,
} from '../../model/cluster.ts';
import { yamlObject } from '../text/merge.ts';

/** What of a static Pod an inventory can state. */
export interface PodSettings {
  readonly args: readonly ExtraArg[];
  readonly envs: readonly ExtraEnv[];
  readonly volumes: readonly ExtraVolume[];
  /** The tag of its image: `v1.36.2`. */
  readonly tag: string;
}

interface PodSpec {
  readonly containers?: readonly {
    readonly image?: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly volumeMounts?: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly hostPath?: { readonly path: string; readonly type?: string };
  }[];
}

/** Reads a manifest; undefined if it is not a Pod. */
export function readStaticPod(text: string): PodSettings | undefined {
  const { spec } = (yamlObject(text) ?? {}) as { readonly spec?: PodSpec };
  const container = spec?.containers?.[0];
  if (container === undefined) return undefined;
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  return {
    args: words.flatMap((word): ExtraArg[] => {
      const [, name, value] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
      return name === undefined ? [] : [{ name, value: value ?? 'true' }];
    }),
    envs: (container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }])),
    volumes: (container.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly = false }) => {
      const hostPath = spec?.volumes?.find((each) => each.name === name)?.hostPath;
      const type = hostPath?.type ?? '';
      return hostPath === undefined
        ? []
        : [{ name, hostPath: hostPath.path, mountPath, readOnly, pathType: isPathType(type) ? type : '' }];
    }),
    tag: /:([^:/@]+)(?:@[\s\S]*)?$/.exec(container.image ?? '')?.[1] ?? '',
  };
}

function isPathType(text: string): text is PathType {
  return text === '' || pathTypes.some((type) => type === text);
}

/** What a static Pod has beyond `own`, the one that kboot would make; and flags of kboot's that it lacks. */
export interface PodDifference extends Omit<PodSettings, 'tag'> {
  readonly lacks: readonly string[];
}

/** Flags of `ignored` are not compared. */
export function podDifference(
  found: PodSettings,
  own: PodSettings,
  ignored: readonly string[] = [],
): PodDifference {
  const valuesOf = ({ args }: PodSettings, name: string): string =>
    JSON.stringify(args.filter((arg) => arg.name === name).map(({ value }) => value));
  const names = new Set(found.args.map(({ name }) => name));
  return {
    args: found.args.filter(
      ({ name }) => !ignored.includes(name) && valuesOf(found, name) !== valuesOf(own, name),
    ),
    envs: found.envs.filter(
      ({ name, value }) => !own.envs.some((env) => env.name === name && env.value === value),
    ),
    volumes: found.volumes.filter(
      ({ name, mountPath }) =>
        !own.volumes.some((volume) => volume.name === name || volume.mountPath === mountPath),
    ),
    lacks: [
      ...new Set(own.args.flatMap(({ name }) => (names.has(name) || ignored.includes(name) ? [] : [name]))),
    ],
  };
}
