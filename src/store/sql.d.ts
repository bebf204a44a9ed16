// Lets the type checker know what a migration file is when it is imported as text.
declare module "*.sql" {
	const text: string;
	export = text;
}
