import type { KubeObject } from './types.ts';
import { isDefinition } from './scopes.ts';

/** What CRDs let the API serve, as charts ask for it: `example.com/v1`, `example.com/v1/Widget`; sorted, each once. */
export function servedByDefinitions(objects: readonly KubeObject[]): readonly string[] {
  const found = objects.filter(isDefinition).flatMap((definition) => {
    const { group, names, versions } = (definition['spec'] ?? {}) as {
      readonly group?: unknown;
      readonly names?: { readonly kind?: unknown };
      readonly versions?: unknown;
    };
    const list: readonly unknown[] = Array.isArray(versions) ? versions : [];
    return list.flatMap((each) => {
      const { name, served } = (each ?? {}) as { readonly name?: unknown; readonly served?: unknown };
      if (served !== true || typeof name !== 'string' || typeof group !== 'string') return [];
      const version = `${group}/${name}`;
      return typeof names?.kind === 'string' ? [version, `${version}/${names.kind}`] : [version];
    });
  });
  return [...new Set(found)].sort();
}
