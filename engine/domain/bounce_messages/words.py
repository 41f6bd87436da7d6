"""The phrases of mail servers, mailboxes and filters, in the languages they write: tables, a phrase after the other."""

from __future__ import annotations

import re

from engine.domain.bounce_messages.notice import Reason

_PATTERNS: tuple[tuple[Reason, str], ...] = (
    (
        "policy",
        r"domain of sender|sender(?:.s)? (?:e?-?mail )?(?:address|domain|host).{0,40}(?:not exist|not found|unknown|invalid|verif|not valid|does ?n.t)",
    ),
    (
        "domain_not_found",
        r"\b(?:host|domain|dns|mx records?)\b(?:(?!user|recipient|mailbox|account|address|said)[^\n]){0,40}(?:not found|(?:does|do)(?: not|n.t) exist|unknown(?! user| recipient| mailbox| address| account)|non-?existent(?! user| address)|not known|couldn.t be found|lookup failure|nxdomain)"
        r"|(?:unknown|no such|bad) (?:host|domain|mail domain|destination system)|nxdomain|null ?mx|does not accept mail|no mx\b|couldn.t find any host"
        r"|(?:name or service not known|name has no usable mx|host or domain name not found|unrouteable mail domain)",
    ),
    (
        "mailbox_full",
        r"(?:mailbox|inbox|quota|mail ?box|storage|bo[iî]te|buz[oó]n|casella|postfach|skrzynka|folder|disk|user)"
        r".{0,30}(?:\bfull\b|exceed|pleine|llen[ao]|pien[ao]|voll\b|überfüllt|pełna|out of storage|over ?quota)"
        r"|(?:over|exceed\w*|exceeds|out of)(?: \w+){0,3} (?:quota|storage|disk space|mailbox limit|storage limit)"
        r"|over ?quota|quota (?:exce|violation)|quota.{0,20}(?:überschritten|dépassé|superad|superat)|is full\b|insufficient (?:disk|storage|system storage)"
        r"|not enough (?:disk|storage) space|receiving mail at a rate|too much mail|переполнен|已满|容量",
    ),
    (
        "mailbox_disabled",
        r"(?:mailbox|account|user|recipient|address|mail ?box|konto|postfach|compte|cuenta)\W{0,3}.{0,60}"
        r"(?:disabled|suspended|inactive|deactivated|closed|\blocked|terminated|expired|not active|blocked (?:for|due to|because of) inactiv"
        r"|deaktiviert|gesperrt|désactivé|deshabilitada|disattivat)"
        r"|(?:disabled|inactive|suspended|closed|expired|deactivated) (?:user|mailbox|account|recipient)"
        r"|account has been (?:disabled|closed|suspended)|no longer (?:active|accepts? mail|accepting)|blocked (?:for|due to|because of) inactiv",
    ),
    (
        "no_such_address",
        r"(?:unknown|no such|invalid|bad|nonexistent|non-existent|unrou?teable|undeliverable|illegal|unlisted|incorrect|ambiguous)"
        r" (?:local |final delivery |destination |mail ?)?(?:user|recipient|address|mailbox|person|account|alias|userid|local.part|name|e-?mail)"
        r"|(?:user|recipient|address|mailbox|account|userid|addressee|alias|local.part|name)\b\)?[^.\n]{0,60}"
        r"(?:unknown|(?:not|n't) (?:be )?(?:found|exist|known|listed|recognized|valid|have an?|deliverable)|nonexistent|no longer (?:valid|exists|in use|available|here|works))"
        r"|(?:does|do|did|doesn.t|is|are)(?: not|n.t)? (?:not )?exist\b|user.{0,30}doesn.t have|mailbox (?:is )?unavailable|no mailbox(?: here)?"
        r"|not a (?:known|valid) (?:user|recipient|mailbox|address)|is not (?:a )?(?:known|valid|registered|listed)|isn.t (?:a )?(?:known|valid|listed)"
        r"|recipn?o?t?found|address not found|wasn.t found at|couldn.t be found|no such (?:user|domain user)|not our customer|no one (?:here )?by that name"
        r"|unbekannt\w*|existiert nicht|nicht gefunden|inconnu\w*|n.existe pas|n.a pas été trouvé|desconocid[oa]|no existe|no se (?:ha )?encontr"
        r"|sconosciut[oa]|inesistente|non esiste|niet gevonden|bestaat niet|onbekend|nie istnieje|nieznany|не существует|не найден|неизвестн|没有此|不存在|存在しません|desconhecido|não existe"
        r"|has moved|person(?:al)? left|left the company|user unknown",
    ),
    (
        "size",
        r"(?:message|mail|size|attachment|content).{0,40}(?:too (?:large|big)|size|exceed)|too (?:large|big)|file too large",
    ),
    (
        "spam",
        r"spam|junk|(?:black|block|deny) ?-?list|dnsbl|\brbl\b|unsolicited|bulk mail|listed (?:in|at|by|on)|blocked using|poor reputation|\breputation\b|barracuda",
    ),
    ("content", r"content|virus|malware|phish|attachment|banned file|infected|body (?:type|part)|header"),
    (
        "policy",
        r"polic(?:y|ies)|\bptr\b|reverse dns|\brdns\b|sending guidelines|messages? from .{0,60}(?:not|n.t) (?:sent|accepted|delivered)|dmarc|\bspf\b|dkim|relay|authori[sz]|authenticat|not (?:allowed|permitted|accepted)|access denied|banned|blocked|denied"
        r"|sender (?:address )?(?:rejected|denied|blocked|verify)|rate.?limit|throttl|too many (?!hops)|gr[ae]y ?-?list|restricted|prohibited|refused by|rejected by|administrative",
    ),
    (
        "connection",
        r"connect\w*|timed? ?-?out|timeout|unreachable|no route|lookup (?:failed|timeout)|name service error|temporarily unavailable|"
        r"try again|delivery time|retry time(?:out)?|too long|expired|queue|lost connection|not responding|did not respond|network|tls|handshake|loop|too many hops",
    ),
    (
        "protocol",
        r"syntax|bad command|command (?:not|un)|protocol|pipelining|helo|ehlo|bad sequence|not implemented",
    ),
)

REASONS = tuple((reason, re.compile(pattern, re.I)) for reason, pattern in _PATTERNS)
"""What servers write of each reason, the most telling first."""

LATER = re.compile(
    r"(?<!not going to )try(?:ing)? again|temporar|retry later|again later|transient|deferred", re.I
)
PERMANENT = re.compile(r"permanent (?:fatal |delivery )?errors?|failed permanently|permanent failure", re.I)


DAEMON = re.compile(
    r"mailer[-_. ]?daemon|post ?master|mail ?delivery ?(?:sub-?)?(?:system|service|software|agent)|mail-?delivery@|delivery (?:system|subsystem|notification)|mail (?:system|router|administrator)"
    r"|mailsystem|mail-?daemon|daemon@|system administrator|smtp[_ ](?:mail[_ ])?service|smtp[_ ]gateway|message delivery|mdaemon@|mailadmin"
    r"|internet mail (?:service|delivery)|systemadmin|microsoft ?exchange|antivirus_for_smtp",
    re.I,
)

SUBJECT = re.compile(
    r"undeliver|undelivrable|unzustellbar|non ?remis|returned (?:mail|to sender|message)|(?:mail|message) (?:delivery )?(?:failed|failure|returned|rejected|error)"
    r"|delivery (?:status|failure|failed|error|problem|report|has failed|unsuccessful|incomplete|notification|to the following)|failure (?:notice|delivery|notification|report)"
    r"|failed (?:mail|delivery|message)|(?:could|can) ?not (?:be )?(?:deliver|sen[dt])|unable to deliver|not delivered|nondeliver|non-deliver|undelivered"
    r"|warning: (?:could not send|message)|delayed|delivery delay|notification d.échec|échec|zustell|nicht zugestellt|unbekannt|rückläufer"
    r"|no (?:se )?(?:pudo|ha podido) entregar|devuelto|rechazado|mancata consegna|non recapitabile|impossibile|niet (?:bezorgd|afgeleverd)|onbestelbaar"
    r"|niedostarczon|zwrot|не ?доставлен|недоставлен|возвращ|退信|投递失败|配信不能|届け|no entregado|não entregue|falha na entrega|user unknown|mailbox (?:is )?full|returned"
    r"|mail system error|message status|error sending|rejected",
    re.I,
)

FAILED = re.compile(
    r"(?:could|can|was|were|has|have|did|do)(?: ?not|n.t)(?: yet)? (?:be(?:en)? )?(?:deliver|sen[dt]|reach|receive|able to deliver)"
    r"|unable to (?:deliver|relay|send)|undeliverable|not (?:been )?delivered|delivery (?:to the following|failed|has failed|failure|attempt)|returned to (?:sender|you)|has been returned|postponed"
    r"|permanent (?:fatal )?error|fatal error|failed (?:recipient|address|permanently|for)|following (?:address|recipient)|user unknown|transcript of session"
    r"|message (?:was )?(?:rejected|not accepted)|had errors|delivery problems|refused|no such user|rejected|mailbox is full|error (?:type|description)"
    r"|wasn.t able to deliver|konnte (?:\S+ )?nicht|nicht zugestellt|pas pu être|pu être remis|no (?:se )?(?:pudo|ha podido)|non è stato possibile|impossibile"
    r"|niet worden|nie (?:mógł|można|został)|не (?:может|удалось|была?)|не доставлен|无法|退回|配信できません|não (?:pôde|foi possível)|reason:",
    re.I,
)

DELAY = re.compile(
    r"warning message only|will (?:be retried|continue to (?:try|be (?:re)?tried)|keep trying|retry|try again)|(?:continue|keep)s? (?:on )?trying"
    r"|not yet been delivered|(?:could|can) ?not (?:be delivered|send (?:the )?(?:message|mail)) for (?:the )?(?:past|last)|still (?:be(?:ing)? )?(?:trying|retried|attempt)"
    r"|(?:no need|do not need|not necessary|need not) to (?:resend|re-send)|delivery (?:has been |is |is being )?delayed|has been delayed|temporarily delayed"
    r"|attempts? (?:to deliver .{0,40} )?will (?:be made|continue)|weitere (?:zustell)?versuche|wird weiter(?:hin)? versucht|se seguirá intentando|nouvelle tentative|verzögert"
    r"|delivery incomplete|has been postponed|попытки .{0,40}продолж",
    re.I | re.S,
)

GIVEN_UP = re.compile(
    r"giving up|given up|permanent (?:fatal )?error|failed permanently|permanently failed|(?<!non-)fatal errors?|returned to (?:sender|you)|i.m not going to try again|will not be (?:retried|attempted)",
    re.I,
)

REPLY_TO = re.compile(r"^\s*(?:re|aw|sv|antw|fwd?|wg|tr|rv|vs|odp|ref)\s*(?:\[\d+\])?\s*:", re.I)


COPY_BEGINS = re.compile(
    r"^[ \t>*]*(?:[-=_*#~+]{2,}[^\n]{0,80}(?:original|returned|unsent|undelivered|copy of|below this line|mail follows|message follows|headers? (?:of|follow)|included|end of message|message header)"
    r"|[-=_* ]*(?:this is a copy of (?:your|the)|(?:below|included|attached|here) is (?:a copy|your returned|the original)|(?:the )?(?:original|old|returned|rejected|your) (?:message|mail)"
    r"(?: text| headers?| details| reads)?(?: follows| attached| is)?(?: below)?\s*[:.]?\s*$|message (?:headers?|text|contents?) follows?|a copy of the original|copy of (?:your|the) (?:message|mail)|message contents|original message (?:details|follows))"
    r"|(?:received|return-path|mime-version|dkim-signature|message-id|content-type)[ \t]*:[ \t]*\S)[^\n]*$",
    re.I | re.M,
)

ABSENT = re.compile(
    r"^\s*(?:(?:re|aw|sv)\s*:\s*)?(?:\W{0,3}(?:auto(?:mat\w*)?[\s-]?(?:re(?:ply|sponse|spuesta)|antwort|response|matic reply)|autoreply|auto:|automatic (?:reply|response|message)|automatische (?:antwort|abwesenheit)"
    r"|automatisch antwoord|réponse automatique|respuesta automática|risposta automatica|resposta automática|automatiskt svar|autosvar|odpowiedź automatyczna|automatická odpověď|自动回复|自動返信|自動回覆|автоматический ответ|автоответ))"
    r"|out of (?:the )?office|\booo\b|away from (?:my|the) (?:mail|desk|office)|abwesen(?:heit|d)|nicht im (?:büro|haus)|absence (?:du bureau|de|notification)|absent(?:e)? (?:du|de)|fuera de (?:la )?oficina|ausente|fuori (?:sede|ufficio)|assen(?:te|za)"
    r"|afwezig|frånvaro|ikke til stede|poza biurem|nieobecn|отсутств|\bon (?:vacation|holiday|leave|parental leave|maternity leave)\b|vacation (?:reply|notice|message|response)|im urlaub|en vacances|de vacaciones|in ferie|på semester|不在|休暇",
    re.I,
)

CHALLENGE = re.compile(
    r"please (?:confirm|verify) (?:your (?:message|e-?mail|identity)|that you)|confirm(?:ation)? (?:of )?your (?:message|e-?mail)|challenge.response|(?:sender|e-?mail) verification|verify (?:yourself|you are human)|boxbe|spamarrest|spam ?arrest|mailblocks"
    r"|bitte bestätigen sie ihre (?:nachricht|e-?mail)|waiting for (?:your )?(?:confirmation|approval)|is being held|held until|action required to deliver|requires (?:confirmation|verification)",
    re.I,
)
