// What the system says of an error in other languages (glibc's translations), for tools that pass its words on alone.

const sentences: Record<string, readonly string[]> = {
	"No such file or directory": [
		"Datei oder Verzeichnis nicht gefunden",
		"Aucun fichier ou dossier de ce type",
		"No existe el fichero o el directorio",
		"No existe el archivo o el directorio",
		"File o directory non esistente",
		"Bestand of map bestaat niet",
		"Ficheiro ou pasta inexistente",
		"Arquivo ou diretório inexistente",
		"Nie ma takiego pliku ani katalogu",
		"Filen eller katalogen finns inte",
		"Ingen sådan fil eller filkatalog",
		"Нет такого файла или каталога",
		"Adresář nebo soubor neexistuje",
	],
	"Permission denied": [
		"Keine Berechtigung",
		"Permission non accordée",
		"Permiso denegado",
		"Permesso negato",
		"Toegang geweigerd",
		"Permissão recusada",
		"Permissão negada",
		"Brak dostępu",
		"Åtkomst nekas",
		"Adgang nægtet",
		"Отказано в доступе",
		"Operace zamítnuta",
	],
	"No space left on device": [
		"Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
		"Aucun espace disponible sur le périphérique",
		"No queda espacio en el dispositivo",
		"Spazio esaurito sul device",
		"Geen ruimte meer over op apparaat",
		"Sem espaço livre no dispositivo",
		"Não há espaço disponível no dispositivo",
		"Brak miejsca na urządzeniu",
		"Enheten är full",
		"Ikke mere plads på enheden",
		"На устройстве не осталось свободного места",
		"Na zařízení není volné místo",
	],
	"Read-only file system": [
		"Das Dateisystem ist nur lesbar",
		"Système de fichiers accessible en lecture seulement",
		"Sistema de ficheros de sólo lectura",
		"File system in sola lettura",
		"Bestandssysteem is alleen-lezen",
		"Sistema de ficheiros só de leitura",
		"Sistema de arquivos somente para leitura",
		"System plików wyłącznie do odczytu",
		"Skrivskyddat filsystem",
		"Filsystem med kun læseadgang",
		"Файловая система доступна только для чтения",
		"Systém souborů je pouze pro čtení",
	],
	"Connection refused": [
		"Verbindungsaufbau abgelehnt",
		"Connexion refusée",
		"Conexión rehusada",
		"Connessione rifiutata",
		"Verbinding is geweigerd",
		"Ligação recusada",
		"Conexão recusada",
		"Połączenie odrzucone",
		"Förbindelsen förvägrad",
		"Opkobling nægtet",
		"В соединении отказано",
		"Spojení odmítnuto",
	],
};

const english = new Map(
	Object.entries(sentences).flatMap(([sentence, translations]) =>
		translations.map((translation): [string, string] => [translation, sentence]),
	),
);
const translated = new RegExp([...english.keys()].map((sentence) => RegExp.escape(sentence)).join("|"), "g");

/** A message with the system's own sentences in English, whatever the locale of the tool. */
export function inEnglish(message: string): string {
	return message.replace(translated, (sentence) => english.get(sentence) ?? sentence);
}
