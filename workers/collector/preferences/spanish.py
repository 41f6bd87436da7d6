"""The page in Spanish."""

from workers.collector.preferences.texts import Texts

SPANISH = Texts(
    language="es",
    version="es 1",
    title="Tus preferencias",
    intro="Elige qué te envía {shop} a {address}.",
    intro_without_address="Elige qué te envía {shop}.",
    choose="Quiero recibir",
    newsletter="Newsletter",
    newsletter_about="Novedades y ofertas por correo electrónico.",
    sms="Mensajes de texto (SMS)",
    sms_about="Novedades y ofertas en tu móvil.",
    subscribed_since="Suscripción activa desde el {day}",
    unsubscribed_since="Baja el {day}",
    waiting_since="Pendiente de tu confirmación desde el {day}",
    save="Guardar preferencias",
    all_heading="¿No quieres recibir nada más?",
    all_about="{shop} no te enviará más newsletters ni ofertas.",
    all_button="Darme de baja de todo",
    pause_heading="¿Quieres un descanso?",
    pause_about="No recibirás ningún correo durante {days} días; después todo seguirá como ahora.",
    pause_button="Pausar los correos {days} días",
    paused_heading="Tus correos están en pausa",
    paused_until="No recibirás correos hasta el {day}.",
    resume_button="Volver a recibir correos",
    saved="Guardado.",
    unchanged="No se ha cambiado nada.",
    receives="Recibes: {list}.",
    receives_nothing="No recibes newsletters ni ofertas.",
    old_link=(
        "Este enlace es de un mensaje antiguo. Con él puedes darte de baja; para volver a suscribirte, usa "
        "el enlace de un mensaje más reciente."
    ),
    stale_form=(
        "Esta página llevaba demasiado tiempo abierta y no se ha guardado nada. Esto es lo que vale ahora."
    ),
    confirm_title="Confirma tu suscripción",
    confirm_about=(
        "Alguien ha indicado {address} en {shop} para recibir: {list}. Si has sido tú, confírmalo. Si no, "
        "cierra esta página: no recibirás nada."
    ),
    confirm_button="Sí, quiero suscribirme",
    confirmed_title="Suscripción confirmada",
    confirmed_about="Gracias. A partir de ahora {shop} te envía: {list}.",
    refused_since_title="Te has dado de baja",
    refused_since_about=(
        "Te diste de baja después de que se enviara este mensaje, y eso es lo que vale. Si quieres volver a"
        " suscribirte, usa tus preferencias."
    ),
    to_preferences="Cambiar tus preferencias",
    invalid_title="Este enlace no funciona",
    invalid_about="Está incompleto o se ha modificado. Ábrelo de nuevo desde el mensaje o cópialo entero.",
    expired_title="Este enlace ha caducado",
    expired_about=(
        "Solo valía unos días. Si todavía no tienes la suscripción, apúntate de nuevo, por favor."
    ),
    gone_title="No estás en nuestra lista",
    gone_about="{shop} ya no tiene tus datos, así que no recibes newsletters ni ofertas.",
    too_many_title="Espera un momento, por favor",
    too_many_about=(
        "Ha habido demasiadas peticiones. Inténtalo de nuevo en un minuto; no se ha cambiado nada."
    ),
    unavailable_title="Ahora mismo no funciona",
    unavailable_about="No se ha podido guardar el cambio. Inténtalo de nuevo en unos minutos.",
    unreadable_title="No se ha podido leer la petición",
    unreadable_about="No se ha cambiado nada. Abre de nuevo el enlace desde el mensaje.",
    contact="Contacto",
    privacy="Política de privacidad",
    list_and="y",
)
