import { isSecretValue } from '../../model/secret-value.ts';
import { describePath, warning, type Problem } from '../position.ts';
import type { Check } from './check.ts';
import { statedComponents } from './components.ts';

/** What a static Pod is given in its manifest is readable in more places than a secret should be. */
export const componentsHaveNoSecrets: Check = (input) =>
  statedComponents(input).flatMap(({ field, path, draft, flags }) => {
    const environment = (draft.extraEnvs ?? []).flatMap((env, index) =>
      isSecretValue(env?.name ?? '', env?.value) ? [[...path, 'extraEnvs', index, 'value']] : [],
    );
    const stated = flags.flatMap((flag) => (isSecretValue('', flag.value) ? [[...flag.path, 'value']] : []));
    return [...environment, ...stated].map((where): Problem =>
      warning(
        where,
        `${describePath(where)} looks like a secret: plans, the manifest of the static Pod and the ConfigMap kube-system/kubeadm-config show it; ${remedy(field)}`,
      ),
    );
  });

const remedy = (field: string): string =>
  `let spec.${field}.extraVolumes mount a file that has it, if the component can read one`;
