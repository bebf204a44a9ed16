// Numbers as the server writes them for this reader: in the locale that it chose of the browser's languages.
import { writeFor } from "../src/reader.ts";

writeFor({ locale: document.documentElement.dataset.locale ?? null, zone: null });
