import type { Component } from 'svelte';

export interface Item {
  label: string;
  icon?: Component;
  /** Shown at the end: a key, a count. */
  hint?: string;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  /** A line stands above it. */
  apart?: boolean;
  /** The menu stays open, for several choices. */
  stay?: boolean;
  run: () => void;
}
