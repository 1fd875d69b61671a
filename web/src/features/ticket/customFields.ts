// Custom fields of tickets: which are shown, and how their values travel between the API and a control.
import type { components } from '$/api/schema.gen';

export type Definition = Omit<components['schemas']['Field'], 'options' | 'screens'> & {
  options: { choices?: { value: string; label?: string }[]; min?: number; max?: number; max_length?: number };
  screens: Record<string, 'hidden' | 'shown' | 'required' | 'read_only'>;
};

export const onScreen = (all: Definition[], screen: string) =>
  all
    .filter((f) => f.object === 'ticket' && f.active && f.screens[screen] !== 'hidden')
    .sort((a, b) => a.position - b.position);

/** The value as a control shows it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join(', ') : String(value);
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
