from django.urls import path

from hospital.console.views import entrance, kiosks, statistics, trail

app_name = "console"
urlpatterns = [
    path("", entrance.home, name="home"),
    path("login", entrance.login, name="login"),
    path("logout", entrance.logout, name="logout"),
    path("language", entrance.language, name="language"),
    path("statistics", statistics.page, name="statistics"),
    path("statistics.csv", statistics.csv, name="statistics-csv"),
    path("kiosks", kiosks.page, name="kiosks"),
    path("trail", trail.page, name="trail"),
]
