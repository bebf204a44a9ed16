// Icons as symbols drawn once a page; each state has its own shape, so that none is told by colour alone.
import { type Html, html, raw } from "./html.ts";

const line = 'class="i-line"';
const hole = 'class="i-hole"';

const shapes = {
	ok: `<circle cx="10" cy="10" r="8" fill="currentColor"/><path d="m6.4 10.4 2.5 2.5 4.8-5.4" ${hole}/>`,
	failed: `<path fill="currentColor" d="M6.6 2h6.8L18 6.6v6.8L13.4 18H6.6L2 13.4V6.6z"/><path d="m7.2 7.2 5.6 5.6m0-5.6-5.6 5.6" ${hole}/>`,
	warning: `<path fill="currentColor" d="M8.6 2.9a1.6 1.6 0 0 1 2.8 0l6.5 11.6a1.6 1.6 0 0 1-1.4 2.4h-13a1.6 1.6 0 0 1-1.4-2.4z"/><path d="M10 7v3.8M10 13.8v.1" ${hole}/>`,
	running: `<g ${line}><circle cx="10" cy="10" r="7.1" opacity=".3"/><path d="M10 2.9a7.1 7.1 0 0 1 6.7 4.8"/></g><path fill="currentColor" d="M8.2 6.9v6.2l5-3.1z"/>`,
	old: `<g ${line}><circle cx="10" cy="10" r="7.2"/><path d="M10 5.8V10l2.8 2"/></g>`,
	unknown: `<circle cx="10" cy="10" r="7.4" ${line} stroke-dasharray="2.9 2.6"/><path d="M8 8a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M10 13.7v.1" ${line}/>`,
	home: `<g ${line}><rect x="3" y="3" width="6" height="7" rx="1.3"/><rect x="11" y="3" width="6" height="4" rx="1.3"/><rect x="3" y="13" width="6" height="4" rx="1.3"/><rect x="11" y="10" width="6" height="7" rx="1.3"/></g>`,
	runs: `<path d="M7 5h10M7 10h10M7 15h10M3.4 5v.1M3.4 10v.1M3.4 15v.1" ${line}/>`,
	setup: `<path d="M7.2 2.6v4m5.6-4v4M4.9 6.6h10.2v2.6a5.1 5.1 0 0 1-10.2 0zM10 14.3v3.2" ${line}/>`,
	sun: `<g ${line}><circle cx="10" cy="10" r="3.3"/><path d="M10 2.2v1.4m0 12.8v1.4M17.8 10h-1.4M3.6 10H2.2m13.3-5.5-1 1m-9 9-1 1m11 0-1-1m-9-9-1-1"/></g>`,
	moon: `<path d="M16.7 12.2A7 7 0 0 1 7.8 3.3a7 7 0 1 0 8.9 8.9z" ${line}/>`,
	auto: `<circle cx="10" cy="10" r="7" ${line}/><path fill="currentColor" d="M10 3v14a7 7 0 0 0 0-14z"/>`,
	copy: `<g ${line}><rect x="7" y="7" width="10" height="10" rx="2"/><path d="M13 7V5a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h2"/></g>`,
	refresh: `<path d="M16.4 8.2A6.7 6.7 0 0 0 4 7.4M3.6 11.8A6.7 6.7 0 0 0 16 12.6M16.6 3.8v4.4h-4.4M3.4 16.2v-4.4h4.4" ${line}/>`,
	chevron: `<path d="m7.5 5 5 5-5 5" ${line}/>`,
	back: `<path d="m12.5 5-5 5 5 5" ${line}/>`,
	search: `<g ${line}><circle cx="8.7" cy="8.7" r="5.2"/><path d="m12.7 12.7 3.8 3.8"/></g>`,
	download: `<path d="M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M4 16h12" ${line}/>`,
	remove: `<path d="m6 6 8 8m0-8-8 8" ${line}/>`,
	paused: `<circle cx="10" cy="10" r="8" fill="currentColor"/><path d="M7.9 7v6m4.2-6v6" ${hole}/>`,
	archived: `<g ${line}><rect x="2.8" y="3.6" width="14.4" height="4" rx="1"/><path d="M4.2 7.6v7.2a1.6 1.6 0 0 0 1.6 1.6h8.4a1.6 1.6 0 0 0 1.6-1.6V7.6M8 11h4"/></g>`,
	hollow: `<circle cx="10" cy="10" r="7.2" ${line} stroke-dasharray="3.2 2.4"/>`,
	check: `<path d="m4.5 10.5 3.6 3.6 7.4-8.2" ${line}/>`,
	bell: `<g ${line}><path d="M5 13.8V9a5 5 0 0 1 10 0v4.8l1.4 1.4H3.6z"/><path d="M8.4 17.4h3.2"/></g>`,
	snooze: `<g ${line}><path d="M3.4 8.6h5l-5 6h5M11.4 4.4h4.8l-4.8 5.6h4.8"/></g>`,
	pin: `<g ${line}><path d="M7.2 3h5.6l-.8 5 2.6 2.6v1.2H5.4v-1.2L8 8zM10 11.8V17"/></g>`,
	inventory: `<g ${line}><rect x="3" y="3.4" width="14" height="5.4" rx="1.3"/><rect x="3" y="11.2" width="14" height="5.4" rx="1.3"/><path d="M6 6.1v.1M6 13.9v.1M9.4 6.1h4.6M9.4 13.9h4.6"/></g>`,
	restore: `<g ${line}><path d="M3.2 10a6.8 6.8 0 1 0 2.3-5.1L3.2 7M3.2 3v4h4"/><path d="M10 6.6V10l2.4 1.6"/></g>`,
	settings: `<g ${line}><path d="M3 6h6.2m3.6 0H17M3 14h2.2m3.6 0H17"/><circle cx="11" cy="6" r="1.8"/><circle cx="7" cy="14" r="1.8"/></g>`,
	more: `<path d="M5 10v.1M10 10v.1M15 10v.1" class="i-line dots"/>`,
} as const;

export type IconName = keyof typeof shapes;

/** Decoration beside a word. With `label` it speaks for itself. */
export function icon(name: IconName, label?: string): Html {
	const picture = html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><use href="${`#i-${name}`}"/></svg>`;
	return label === undefined ? picture : html`${picture}<span class="sr">${label}</span>`;
}

/** Stands once in every page, before the first use. */
export const iconSymbols: Html = raw(
	`<svg class="symbols" aria-hidden="true">${Object.entries(shapes)
		.map(([name, shape]) => `<symbol id="i-${name}" viewBox="0 0 20 20">${shape}</symbol>`)
		.join("")}</svg>`,
);
