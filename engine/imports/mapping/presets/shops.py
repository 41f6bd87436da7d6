"""The exports of customers and subscribers of shop systems; those of orders are in `shop_exports`."""

from __future__ import annotations

from engine.imports.mapping.presets.preset import CONSENTS, Preset, filled, signed

SHOPS = (
    Preset(
        "shopify",
        "Shopify",
        signed("email, total spent, total orders, tax exempt"),
        filled(
            external_id="customer id",
            email="email",
            first_name="first name",
            last_name="last name",
            mobile_phone="phone, default address phone",
            newsletter="accepts email marketing, accepts marketing",
            sms="accepts sms marketing",
            custom__city="default address city, city",
            custom__country="default address country code, country code, country",
            tags="tags",
        ),
    ),
    Preset(
        "woocommerce-users",
        "WooCommerce",
        signed("user login, user email"),
        filled(
            external_id="customer id, id",
            email="user email, billing email",
            first_name="first name, billing first name",
            last_name="last name, billing last name",
            mobile_phone="billing phone",
            custom__city="billing city",
            custom__country="billing country",
            custom__language="locale",
            left_out="user login, user pass, user nicename, user url, user status, display name, nickname",
        ),
    ),
    Preset(
        "woocommerce-customers",
        "WooCommerce",
        signed("name, username, email, orders, aov"),
        filled(
            email="email",
            name="name",
            custom__city="city",
            custom__country="country region",
            left_out=(
                "username, last active, sign up, date registered, orders, total spend, aov, region, "
                "postal code"
            ),
        ),
    ),
    Preset(
        "prestashop-newsletter",
        "PrestaShop",
        signed("shop name, email, subscribed, subscribed on"),
        filled(
            email="email",
            first_name="firstname",
            last_name="lastname",
            newsletter="subscribed",
            newsletter_at="subscribed on",
            custom__language="iso code",
            left_out="id, gender",
        ),
    ),
    Preset(
        "prestashop",
        "PrestaShop",
        signed(
            "id, email address, partner offers", "id, direccion de correo electronico, ofertas de los socios",
            "id, adresse e mail, offres partenaires", "id, indirizzo email, offerte dei partner",
            "id customer, newsletter, optin",
        ),
        filled(
            external_id="id, id customer",
            email="email address, direccion de correo electronico, adresse e mail, indirizzo email, email",
            first_name="first name, nombre, prenom, firstname",
            last_name="last name, apellidos, nom, lastname, cognome",
            birth_date="birthday",
            newsletter="newsletter, boletin de noticias, lettre d information",
            newsletter_at="newsletter date add",
            left_out=(
                "partner offers, ofertas de los socios, offres partenaires, optin, active, deleted, is "
                "guest"
            ),
        ),
        note="Partner offers are a consent to others, and subscribe nobody here.",
    ),
    Preset(
        "magento",
        "Magento",
        signed("id, email, customer since, web site", "email, website, store, password hash"),
        filled(
            external_id="id",
            email="email",
            name="name",
            first_name="billing firstname, firstname",
            last_name="billing lastname, lastname",
            mobile_phone="phone, address telephone",
            birth_date="date of birth, dob",
            custom__city="city, address city",
            custom__country="country, address country id",
            left_out="confirmed email, confirmation, account lock, gender",
        ),
        without=CONSENTS,
    ),
    Preset(
        "magento-newsletter",
        "Magento",
        signed("email, customer first name, customer last name, store view, status"),
        filled(
            email="email",
            first_name="customer first name",
            last_name="customer last name",
            newsletter="status",
            left_out="id, type, website, store, store view",
        ),
    ),
    Preset(
        "shopware",
        "Shopware",
        signed("email, first name, last name, status, hash"),
        filled(
            email="email",
            first_name="first name",
            last_name="last name",
            newsletter="status",
            custom__city="city",
            left_out="id, title, hash",
        ),
        words={"status": {"direct": "subscribed"}},
    ),
    Preset(
        "wix",
        "Wix",
        signed("email 1, email subscriber status"),
        filled(
            email="email 1",
            first_name="first name",
            last_name="last name",
            mobile_phone="phone 1",
            newsletter="email subscriber status",
            sms="sms subscriber status",
            birth_date="birthdate",
            custom__language="language",
            tags="labels",
        ),
    ),
)  # fmt: skip
