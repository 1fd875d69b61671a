// Custom fields of tickets: which are shown, and how their values travel between the API and a control.
import { api, ask } from '$/api/client';
import type { components } from '$/api/schema.gen';

export type Definition = Omit<components['schemas']['Field'], 'options' | 'screens'> & {
  options: {
    choices?: (string | { value: string; label?: string })[];
    min?: number;
    max?: number;
    max_length?: number;
  };
  screens: Record<string, 'hidden' | 'shown' | 'required' | 'read_only'>;
};

export const onScreen = (all: Definition[], screen: string) =>
  all
    .filter((f) => f.object === 'ticket' && f.active && f.screens[screen] !== 'hidden')
    .sort((a, b) => a.position - b.position);

/** The choices of a field, as words to show; parts of a tree stand one behind the other. */
export const choicesOf = (field: Definition) =>
  (field.options.choices ?? [])
    .map((c) => (typeof c === 'string' ? { value: c } : c))
    .map((c: { value: string; label?: string }) => ({
      value: c.value,
      label: c.label ?? c.value.replaceAll('::', ' › '),
    }));

/** The value as a control shows it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** A moment as <input type="datetime-local"> wants it. */
export function asLocal(value: unknown): string {
  const text = shown(value);
  const d = new Date(text);
  if (!text || Number.isNaN(d.getTime())) return '';
  return new Date(d.getTime() - d.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** What was typed as the API takes it; null empties the field. Numbers that are none go as they are: the server says why not. */
export function parsed(field: Definition, text: string): unknown {
  const clean = text.trim();
  if (clean === '') return null;
  switch (field.type) {
    case 'boolean':
      return clean === 'true';
    case 'integer':
    case 'user':
    case 'organization':
      return /^-?\d+$/.test(clean) ? Number(clean) : clean;
    case 'decimal':
      return Number.isFinite(Number(clean)) ? Number(clean) : clean;
    case 'choices':
    case 'tree_choices':
      return clean.split(/\s*,\s*/).filter(Boolean);
    case 'datetime':
      return new Date(clean).toISOString();
    default:
      return text;
  }
}

async function allDefinitions() {
  const all: Definition[] = [];
  for (let after: string | undefined; ;) {
    const page = await ask(api.GET('/api/v1/fields', { params: { query: { limit: 200, after } } }));
    all.push(...(page.data as unknown as Definition[]));
    if (!page.page.has_more || !page.page.next) return all;
    after = page.page.next;
  }
}
export const definitions = () => ({ queryKey: ['fields'], queryFn: allDefinitions, staleTime: 600000 });
